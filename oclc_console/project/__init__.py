"""What people decide about a symbol: milestones now; gates, decisions and authorizations later.
Pure: no disk, no screens."""
