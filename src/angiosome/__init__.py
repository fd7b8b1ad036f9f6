"""From a dose of vesicles to vessels in an ischaemic organ."""
