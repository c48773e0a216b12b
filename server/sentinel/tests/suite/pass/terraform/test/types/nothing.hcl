mock "tfplan/v2" {
  module {
    source = "../../parts/empty.sentinel"
  }
}

import "module" "plan-functions" {
  source = "../../parts/functions.sentinel"
}

param "allowed" {
  value = []
}
