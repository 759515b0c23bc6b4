"""Methods against each other: agreement, why they differ, precedents, which cases deserve a calculation."""
