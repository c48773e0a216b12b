mock "tfrun" {
  data = {
    is_destroy    = false
    cost_estimate = { proposed_monthly_cost = "99.99" }
    workspace     = { name = "web-dev", auto_apply = false, tags = [] }
  }
}
