"""Doors of volume that was made known: releases, their files and their proofs."""
