"""Speech to text with `vosk`, in processes of its own."""
