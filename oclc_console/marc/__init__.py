"""What a MARC 21 record is: its bytes, its fields, walking a file of them, asking questions of one. Pure: no disk
layout of ours, no OCLC, no Alma."""
