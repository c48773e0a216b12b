mock "tfplan/v2" {
  module {
    source = "../../parts/plan.sentinel"
  }
}

module "plan-functions" {
  source = "../../parts/functions.sentinel"
}

test {
  rules = {
    main = true
  }
}
