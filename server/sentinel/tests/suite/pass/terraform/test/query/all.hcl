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
    main      = true
    addresses = ["module.db.aws_db_instance.main[\"a.b\"]"]
  }
}
