"""What Gatehouse costs: each figure beside the bare SQL that would give the same, in one run on one database."""
