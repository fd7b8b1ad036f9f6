"""A block of tissue in three dimensions, over weeks: vessels that grow, carry blood, and go."""
