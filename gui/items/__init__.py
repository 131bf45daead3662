"""What views share: axes, points, ellipses, the simplex."""
