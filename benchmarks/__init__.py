"""Measurements, each side by side with what it is compared to: `make bench`.

A ratio says more than a time: both sides run in the same minute on the same machine,
turn by turn. Nothing here passes or fails; a number is for people to look at.
"""
