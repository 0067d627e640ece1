"""Every setting on one page, the deployment folder, and the loaders that name each mistake."""
