"""What each operation means: functions `(ctx, input) -> rows` with their checks and their one transaction."""
