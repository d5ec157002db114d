"""Doors through which machines fetch data: the open sharing protocol, and files as they are."""
