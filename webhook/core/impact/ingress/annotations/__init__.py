"""What a change of annotations opens and closes, by tables that say what each of them does."""
