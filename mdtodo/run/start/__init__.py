"""What must hold before a task starts: nobody else has it, the machine has room, the checkout is what it was."""
