"""Galleries: who is enrolled, and who is it?"""
