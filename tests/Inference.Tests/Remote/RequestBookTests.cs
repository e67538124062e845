using InferenceServer.Inference.Engine;
using InferenceServer.Inference.Remote;
using InferenceServer.Inference.Sampling;
using InferenceServer.Inference.Scheduling;

namespace InferenceServer.Inference.Tests.Remote;

public sealed class RequestBookTests
{
    private readonly List<GenerationRequest> _sent = [];
    private readonly List<long> _aborted = [];
    private readonly RequestBook _book;
    private TimeSpan _now;

    public RequestBookTests() => _book = new RequestBook(maxWaiting: 4, _sent.Add, _aborted.Add, () => _now);

    [Fact]
    public void Request_AfterACrash_IsSentAgainWithTheTokensThatItHas()
    {
        _book.Attach();
        var stream = Submit(1);
        Start(1);
        Token(1, 0, 70);
        Token(1, 1, 71);

        Assert.Single(_book.Detach(mayBeTheirFault: true, out var hasProgress));
        Assert.True(hasProgress);
        Assert.Equal(1, _book.Attach());

        Assert.Equal([70, 71], _sent[^1].OutputTokens.ToArray());
        Assert.Equal((false, true), (_sent[0].WasAdmitted, _sent[^1].WasAdmitted));
        Start(1);
        Token(1, 2, 72);
        Finish(1);
        var events = Read(stream);
        Assert.Equal([GenerationEventKind.Started, GenerationEventKind.Token, GenerationEventKind.Token, GenerationEventKind.Token, GenerationEventKind.Finished], events.Select(item => item.Kind));
        Assert.Equal([0, 1, 2], events.Where(item => item.Kind == GenerationEventKind.Token).Select(item => item.OutputIndex));
        Assert.Equal((0, 0, 0), (_book.Count, _book.NumSent, _book.NumWaiting));
    }

    [Fact]
    public void Token_ThatRepeatsOrSkipsOne_IsNotTaken()
    {
        _book.Attach();
        Submit(1);
        Token(1, 0, 70);

        Assert.False(_book.Apply(1, new GenerationEvent { Kind = GenerationEventKind.Token, OutputIndex = 0 }));
        Assert.False(_book.Apply(1, new GenerationEvent { Kind = GenerationEventKind.Token, OutputIndex = 2 }));
    }

    [Fact]
    public void PromptScores_AfterACrash_AreNotToldTwice()
    {
        _book.Attach();
        var stream = Submit(1);
        Scores(1, 1, 2, 3);
        _book.Detach(true, out _);
        _book.Attach();
        Scores(1, 1, 2);
        Scores(1, 3, 4, 5);

        Assert.Equal([1, 2, 3, 4, 5], Read(stream).SelectMany(item => item.PromptLogProbs).Select(each => each.Chosen.TokenId));
    }

    [Fact]
    public void Waiting_IsBounded_AndThoseThatLostTheirPlaceDoNotCount()
    {
        for (var id = 1; id <= 4; id++)
        {
            Submit(id);
        }

        Assert.Equal(SubmitStatus.QueueFull, _book.Add(Request(5)).Status);
        _book.Attach();
        Start(1);
        Submit(6);
        _book.Detach(true, out _);

        Assert.Equal(4, _book.NumWaiting);
        Assert.Equal(SubmitStatus.QueueFull, _book.Add(Request(7)).Status);

        // One that ends without ever having had a place leaves room, too.
        _book.Attach();
        Finish(2);
        Assert.Equal(3, _book.NumWaiting);
    }

    [Fact]
    public void Abort_EndsWhatNoProcessHas_AndAsksTheOneThatHasIt()
    {
        var waiting = Submit(1);
        _book.Abort(1);
        Assert.Equal(FinishReason.Aborted, Assert.Single(Read(waiting)).Reason);

        _book.Attach();
        var sent = Submit(2);
        _book.Abort(2);
        _book.Abort(99);
        Assert.Equal([2], _aborted);
        Assert.Empty(Read(sent));

        // It does not answer any more.
        _book.Detach(true, out _);
        Assert.Equal(FinishReason.Aborted, Assert.Single(Read(sent)).Reason);
        Assert.Equal(0, _book.Count);
    }

    [Fact]
    public void Suspect_ThatEndsTheEngineAlone_GetsOneError_AndTheOthersFinish()
    {
        _book.Attach();
        var streams = Enumerable.Range(1, 3).Select(id => Submit(id)).ToArray();
        StartAll();
        _book.Detach(true, out _);
        _book.Attach();
        StartAll();
        _book.Detach(true, out _);
        _sent.Clear();

        // All three ran twice: each is tried alone. The first is the culprit.
        _book.Attach();
        Assert.Equal([1], _sent.Select(request => request.Id));
        Start(1);
        _book.Detach(true, out var hasProgress);
        Assert.True(hasProgress);
        Assert.Equal(FinishReason.Error, Read(streams[0])[^1].Reason);

        _sent.Clear();
        _book.Attach();
        Assert.Equal([2], _sent.Select(request => request.Id));
        for (var i = 0; i < 8; i++)
        {
            Token(2, i, 70);
        }

        Assert.Equal([2, 3], _sent.Select(request => request.Id));
        Finish(2);
        Finish(3);
        Assert.Equal([FinishReason.Stop, FinishReason.Stop], streams[1..].Select(stream => Read(stream)[^1].Reason));

        // For a while nobody tries the like of it; then somebody may.
        Assert.Equal(SubmitStatus.Refused, _book.Add(Request(4, prompt: 1)).Status);
        Assert.Equal(SubmitStatus.Accepted, _book.Add(Request(5, prompt: 2)).Status);
        Assert.Equal(2, _book.NumRefused);
        _now += RefusedRequests.Time;
        Assert.Equal(SubmitStatus.Accepted, _book.Add(Request(6, prompt: 1)).Status);
    }

    [Fact]
    public void Request_ThatGotManyTokensBetweenCrashes_IsNoSuspect()
    {
        _book.Attach();
        Submit(1);
        var index = 0;
        for (var crash = 0; crash < 5; crash++)
        {
            Start(1);
            for (var i = 0; i < 64; i++)
            {
                Token(1, index++, 70);
            }

            _book.Detach(true, out _);
            _sent.Clear();
            _book.Attach();
            Submit(100 + crash);
            Assert.Equal([1, 100 + crash], _sent.Where(request => request.Id is 1 || request.Id == 100 + crash).Select(request => request.Id));
            Finish(100 + crash);
        }
    }

    [Fact]
    public void Restart_ThatIsNobodysFault_BlamesNobody()
    {
        _book.Attach();
        Submit(1);
        Submit(2);
        for (var i = 0; i < 3; i++)
        {
            StartAll();
            _book.Detach(mayBeTheirFault: false, out _);
            _sent.Clear();
            _book.Attach();
            Assert.Equal([1, 2], _sent.Select(request => request.Id));
        }
    }

    [Fact]
    public void Crash_BeforeAnybodyStarted_BlamesWhatWasSent()
    {
        for (var crash = 0; crash < 3; crash++)
        {
            _book.Attach();
            if (crash == 0)
            {
                Submit(1);
            }

            _book.Detach(true, out var hasProgress);
            Assert.Equal(crash == 2, hasProgress);
        }

        Assert.Equal(0, _book.Count);
    }

    private static GenerationRequest Request(long id, int? prompt = null) => new()
    {
        Id = id,
        PromptTokens = new[] { prompt ?? (int)id, 7 },
        MaxOutputTokens = 1000,
        Sampling = new SamplingParams { Seed = id },
    };

    private static List<GenerationEvent> Read(GenerationStream stream)
    {
        var events = new List<GenerationEvent>();
        while (stream.TryRead(out var item))
        {
            events.Add(item);
        }

        return events;
    }

    private GenerationStream Submit(long id)
    {
        var result = _book.Add(Request(id));
        Assert.Equal(SubmitStatus.Accepted, result.Status);
        return result.Stream!;
    }

    private void StartAll()
    {
        foreach (var request in _sent.ToList())
        {
            Start(request.Id);
        }
    }

    private void Start(long id) => Assert.True(_book.Apply(id, new GenerationEvent { Kind = GenerationEventKind.Started }));

    private void Token(long id, int index, int token) =>
        Assert.True(_book.Apply(id, new GenerationEvent { Kind = GenerationEventKind.Token, OutputIndex = index, TokenId = token }));

    private void Scores(long id, params int[] tokens) =>
        Assert.True(_book.Apply(id, new GenerationEvent { Kind = GenerationEventKind.Prompt, PromptLogProbs = [.. tokens.Select(token => new TokenLogProbs(new TokenLogProb(token, 0, default, false), []))] }));

    private void Finish(long id) => Assert.True(_book.Apply(id, new GenerationEvent { Kind = GenerationEventKind.Finished, Reason = FinishReason.Stop }));
}
