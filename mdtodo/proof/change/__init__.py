"""What a change does beside ticking boxes: to what ticks are judged by (`settings_changes`), and to open tasks and
their processors (`task_changes`), whose lines `trace` follows back. Of a range of commits, or of what is not committed.
"""
