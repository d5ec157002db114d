import time
from tests.conftest import *
from tests.conftest import work_of
from tests.marketplace.shelving import sheet
from marketplace.shelving import files, pushing, verdicts
from collections import Counter
def test_measure(engines):
    content=sheet.written([sheet.row(n) for n in range(1,301)])
    with engines.writing() as s:
        w=work_of(s,"per_developer_editor")
        t=time.perf_counter(); rows=files.read(w,"a.csv",content); v=verdicts.judged(w,rows); t1=time.perf_counter()-t
        print("\nDRY",round(t1,2),Counter(x.plan for x in v),v[0].problems)
    t=time.perf_counter(); done=[]
    for i in range(0,300,25):
        with engines.writing() as s:
            done+=pushing.push(work_of(s,"per_developer_editor"),v[i:i+25]); s.commit()
    print("PUSH",round(time.perf_counter()-t,2),Counter(x.plan for x in done),done[0])
    with engines.writing() as s:
        w=work_of(s,"per_developer_editor")
        t=time.perf_counter(); v=verdicts.judged(w,files.read(w,"a.csv",content)); print("AGAIN",round(time.perf_counter()-t,2),Counter(x.plan for x in v), v[0].problems)
