"""Agents (代理): who sells in another's name, under which mandate, and for what commission."""
