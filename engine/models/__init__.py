"""Latent-variable models, one a file: densities and expectations, no step sizes."""
