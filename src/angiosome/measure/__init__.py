"""What histology, microscopy and Doppler read from a vessel network, as plain functions on arrays.

The network may be simulated or traced from an image; nothing here knows which.
"""
