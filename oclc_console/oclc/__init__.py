"""What OCLC expects of us and sends us: names, places, reports, meanings. Pure: no network, no disk layout of ours."""
