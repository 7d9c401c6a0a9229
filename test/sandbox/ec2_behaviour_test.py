"""EC2, ECS, Auto Scaling, events and IAM of the sandbox, driven by an outside client (boto3).

    AWS_ENDPOINT_URL=http://127.0.0.1:4566 python ec2_behaviour_test.py

Every case makes what it needs and asserts what AWS documents. The last line is `N passed, N failed`.
"""

from __future__ import annotations

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))


def main() -> int:
    here = str(Path(__file__).parent)
    suite = unittest.defaultTestLoader.discover(here, pattern="ec2_cases_*.py", top_level_dir=here)
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    return 0 if result.testsRun > 0 and failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
