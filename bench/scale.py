"""stub"""
def tables(result): return {}
def flatness(result): return []
def picture_of(result): return ""
def measure(plan, options): return {}
