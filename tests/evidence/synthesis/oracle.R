# Reads every set_*.csv in a folder of raw arms, works the effects out anew, and prints what metafor
# and clubSandwich say of each, one line per number: set, analysis, name, values.
suppressMessages(library(metafor))
folder <- commandArgs(trailingOnly = TRUE)[1]

say <- function(.id, analysis, ...) {  # not 'set': R would take an argument 'se' for it
  values <- list(...)
  for (name in names(values))
    cat(.id, analysis, name, sprintf("%.12g", values[[name]]), "\n")
}
told <- function(.id, analysis, res, ...) {
  pred <- predict(res)
  say(.id, analysis, k = res$k, estimate = c(res$beta), se = res$se, ci_low = res$ci.lb,
      ci_high = res$ci.ub, p = res$pval, q = res$QE, ...)
  # for a model without random effects rma.mv repeats the confidence interval; we give none
  if (!is.null(pred$pi.lb) && analysis != "fixed z") say(.id, analysis, pi_low = pred$pi.lb, pi_high = pred$pi.ub)
}

for (file in sort(list.files(folder, "^set_.*csv$"))) {
  set <- sub(".csv", "", file, fixed = TRUE)
  d <- read.csv(file.path(folder, file), na.strings = c("", "NA"),
                colClasses = c(study = "character", control = "character"))
  measure <- c(rom = "ROM", md = "MD", smd = "SMD")[[d$scale[1]]]
  bad <- is.na(d$sd_t) | is.na(d$sd_c) | d$sd_t <= 0 | d$sd_c <= 0 | is.na(d$n_t) | is.na(d$n_c)
  d <- d[!bad, ]
  d <- escalc(measure, m1i = mean_t, sd1i = sd_t, n1i = n_t, m2i = mean_c, sd2i = sd_c, n2i = n_c,
              data = d)
  V <- diag(d$vi, nrow = nrow(d))
  for (i in seq_len(nrow(d))) for (j in seq_len(nrow(d))) {
    if (i == j || d$study[i] != d$study[j] || d$control[i] != d$control[j]) next
    arms <- d$study == d$study[i] & d$control == d$control[i]
    V[i, j] <- switch(measure,
      MD = d$sd_c[i]^2 / d$n_c[i],
      ROM = d$sd_c[i]^2 / (d$n_c[i] * d$mean_c[i]^2),
      SMD = 1 / d$n_c[i] + d$yi[i] * d$yi[j] / (2 * (d$n_c[i] + sum(d$n_t[arms]))))
  }
  d$row <- seq_len(nrow(d))
  exact <- list(threshold = 1e-12, maxiter = 10000)
  say(set, "effects", yi = d$yi, vi = d$vi)
  res <- rma(yi, vi, data = d, method = "DL")
  told(set, "dl z", res, tau2 = res$tau2)
  res <- rma(yi, vi, data = d, method = "PM", control = list(tol = 1e-13, maxiter = 10000))
  told(set, "pm z", res, tau2 = res$tau2, i2 = res$I2)
  for (test in c("z", "knha")) {
    res <- rma(yi, vi, data = d, method = "REML", test = test, control = exact)
    told(set, paste("reml", test), res, tau2 = res$tau2, i2 = res$I2)
  }
  res <- rma.mv(yi, V, data = d)
  told(set, "fixed z", res)
  res <- rma.mv(yi, V, random = ~ 1 | study/row, data = d, test = "t",
                control = list(optimizer = "optim", optmethod = "Nelder-Mead", reltol = 1e-14,
                               maxit = 5000))
  told(set, "three-level t", res, sigma2 = res$sigma2, loglik = as.numeric(logLik(res)))
  if (length(unique(d$study)) > 2) {
    robust <- robust(res, cluster = d$study, clubSandwich = TRUE)
    told(set, "three-level cr2", robust)
  }
}
