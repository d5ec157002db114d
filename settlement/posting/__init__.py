"""How entries get into the tables: asked, checked, claimed, guarded, written, sealed."""
