"""Tests of the doors of the review."""
