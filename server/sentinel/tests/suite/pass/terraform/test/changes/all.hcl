mock "tfplan/v2" {
  module {
    source = "../../parts/plan.sentinel"
  }
}

test {
  rules = {
    main      = true
    creates   = ["aws_instance.web[0]"]
    replaces  = ["module.db.aws_db_instance.main[\"a.b\"]"]
    deletes   = 1
    databases = ["main"]
    output    = "unknown"
    variable  = "eu-west-1"
  }
}
