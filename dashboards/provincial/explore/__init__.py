"""The page of figures: questions, answers, single calls, exports."""
