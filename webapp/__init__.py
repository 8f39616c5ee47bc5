"""The web process: page, sockets, gate and worker pool. It never imports torch, numpy or cv2.

This file imports nothing: Python loads it before `__main__` can patch for eventlet.
"""
