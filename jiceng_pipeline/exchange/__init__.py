"""交换 (exchange): what goes to whom and comes back: sharing, subscriptions, figures, light apps, tasks."""
