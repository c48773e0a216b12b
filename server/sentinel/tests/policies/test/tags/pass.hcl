mock "tfplan/v2" {
  module {
    source = "../../mocks/plan-pass.sentinel"
  }
}

import "module" "plan-functions" {
  source = "../../modules/plan-functions.sentinel"
}

test {
  rules = {
    main    = true
    missing = {}
  }
}
