"""An analysis is finished: make its report."""
