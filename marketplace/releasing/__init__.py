"""Volume made known (发布): figures that anybody can check, and nobody can change later."""
