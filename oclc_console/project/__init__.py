"""What people decide about a symbol: milestones now; gates, decisions, authorizations later. Pure: no disk, no screens."""
