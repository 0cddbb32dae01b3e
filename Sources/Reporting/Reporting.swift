// The Reporting room.
