# Four policies that refuse, one at each level and one without, and one that allows.
policy "advised" {
  source            = "./refuse.sentinel"
  enforcement_level = "advisory"
}

policy "overridable" {
  source            = "./refuse.sentinel"
  enforcement_level = "soft-mandatory"
}

policy "strict" {
  source            = "./refuse.sentinel"
  enforcement_level = "hard-mandatory"
}

policy "silent" {
  source = "./refuse.sentinel"
}

policy "allowing" {
  source            = "./refuse.sentinel"
  enforcement_level = "hard-mandatory"
  params = {
    allowed = true
  }
}
