"""Attachments: stored, fetched where that is allowed, and handed out at URLs that expire."""
