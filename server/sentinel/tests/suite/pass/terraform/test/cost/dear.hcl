mock "tfrun" {
  data = {
    is_destroy    = false
    cost_estimate = { proposed_monthly_cost = "100.00" }
    workspace     = { name = "web-dev", auto_apply = false, tags = [] }
  }
}

test {
  rules = {
    main   = false
    within = false
  }
}
