"""The kit's tests: python3 -m unittest discover -t . -s tests"""
