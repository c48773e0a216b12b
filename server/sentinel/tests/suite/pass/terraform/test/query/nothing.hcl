mock "tfplan/v2" {
  module {
    source = "../../parts/empty.sentinel"
  }
}

module "plan-functions" {
  source = "../../parts/functions.sentinel"
}

test {
  rules = {
    main = false
  }
}
