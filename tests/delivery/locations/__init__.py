"""Tests of delivery/locations."""
