mock "tfstate/v2" {
  module {
    source = "../../parts/state.sentinel"
  }
}

mock "tfplan/v2" {
  module {
    source = "../../parts/plan.sentinel"
  }
}

test {
  rules = {
    main    = true
    tainted = ["module.db.aws_db_instance.main"]
    sizes   = ["t3.large"]
    secret  = ["secret"]
    kept    = true
  }
}
