"""The provider: AI/ML API's video endpoints. Its words and its wire format end in this package."""
