"""Pages of volume that was made known: releases, the method of each, and proofs."""
