mock "tfstate/v2" {
  module {
    source = "../../parts/state.sentinel"
  }
}

mock "tfplan/v2" {
  module {
    source = "../../parts/empty.sentinel"
  }
}

test {
  rules = {
    main = false
    kept = false
  }
}
