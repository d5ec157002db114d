"""Tests of tables that lie outside, over HTTP."""
