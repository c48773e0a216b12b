mock "tfplan/v2" {
  module {
    source = "../../parts/plan.sentinel"
  }
}

module "plan-functions" {
  source = "../../parts/functions.sentinel"
}

param "allowed" {
  value = ["m5.large"]
}

test {
  rules = {
    main = false
  }
}
