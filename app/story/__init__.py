"""The main job, played over real HTTP by the people of seven organisations.

Nothing here knows a rule or touches a table: it signs in, asks, and is answered.
"""
